// For HEALTHCHECK: 0 while the server is of use (O1). ROOMLOG_HEALTH_URL says where it listens, when not on port 9010.
const { ROOMLOG_HEALTH_URL: url = "http://127.0.0.1:9010/healthz" } = process.env;
const response = await fetch(url, { signal: AbortSignal.timeout(4000) }).catch(() => undefined);
process.exit(response?.ok ? 0 : 1);
