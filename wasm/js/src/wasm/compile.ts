/** Gives the module that is in `text`, in base64: compiled when it is first needed. */
export function compiler(text: string): () => WebAssembly.Module {
  let compiled: WebAssembly.Module | undefined;
  return () => {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
    return compiled;
  };
}
