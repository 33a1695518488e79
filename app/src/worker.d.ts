/** Vite's word for a module that becomes a worker, its code in the importing file. */
declare module '*?worker&inline' {
  const EngineWorker: new () => Worker;
  export default EngineWorker;
}
