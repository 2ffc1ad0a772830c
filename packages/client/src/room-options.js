export {};
//# sourceMappingURL=room-options.js.map
