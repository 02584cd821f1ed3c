/** The module with sessions in base64; made by build/package.mjs. */
export const text: string;
