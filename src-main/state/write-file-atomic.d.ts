/**
 * The part of write-file-atomic that we call; the package has no types of its own.
 */
declare module 'write-file-atomic' {
  const writeFileAtomic: (path: string, content: string, options: { readonly mode: number }) => Promise<void>;
  export default writeFileAtomic;
}
