/** Where the page lies that a listener shows to browsers (H8). */
export const PAGE_FOLDER = new URL("../page/", import.meta.url);
