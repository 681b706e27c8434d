// What lies on the device lies sealed: AES-GCM, with a key that this browser keeps and nobody can take out of it.

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  bytes: ArrayBuffer;
}

export function newKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** `name` says what it is; sealed under one name, it is not opened under another. */
export async function seal(key: CryptoKey, name: string, value: unknown): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const bytes = await crypto.subtle.encrypt(how(iv, name), key, new TextEncoder().encode(JSON.stringify(value)));
  return { iv, bytes };
}

/** Throws where the key or the name is another, or a bit of it has changed. */
export async function unseal<T>(key: CryptoKey, name: string, { iv, bytes }: Sealed): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how(iv, name), key, bytes))) as T;
}

function how(iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}
