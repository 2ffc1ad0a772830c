export {};
//# sourceMappingURL=room-events.js.map
