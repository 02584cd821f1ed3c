/** The module with Fernet by itself in base64; made by build/package.mjs. */
export const text: string;
