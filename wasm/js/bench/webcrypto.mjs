// Fernet written with WebCrypto, as an application would without a library.

export class WebCryptoFernet {
  static async of(text) {
    const bytes = Buffer.from(text, "base64url");
    const fernet = new WebCryptoFernet();
    fernet.signing = await crypto.subtle.importKey("raw", bytes.subarray(0, 16), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
    fernet.encryption = await crypto.subtle.importKey("raw", bytes.subarray(16), "AES-CBC", false, ["encrypt", "decrypt"]);
    return fernet;
  }

  async encrypt(text) {
    const iv = crypto.getRandomValues(new Uint8Array(16));
    const ciphertext = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, this.encryption, new TextEncoder().encode(text));
    const token = new Uint8Array(25 + ciphertext.byteLength + 32);
    token[0] = 0x80;
    new DataView(token.buffer).setBigUint64(1, BigInt(Math.floor(Date.now() / 1000)));
    token.set(iv, 9);
    token.set(new Uint8Array(ciphertext), 25);
    const signed = token.subarray(0, token.length - 32);
    token.set(new Uint8Array(await crypto.subtle.sign("HMAC", this.signing, signed)), signed.length);
    return Buffer.from(token).toString("base64url");
  }

  async decrypt(token) {
    const bytes = Buffer.from(token, "base64url");
    const signed = bytes.subarray(0, bytes.length - 32);
    if (!(await crypto.subtle.verify("HMAC", this.signing, bytes.subarray(bytes.length - 32), signed))) throw new Error("invalid");
    const plaintext = await crypto.subtle.decrypt({ name: "AES-CBC", iv: bytes.subarray(9, 25) }, this.encryption, signed.subarray(25));
    return new TextDecoder().decode(plaintext);
  }
}
