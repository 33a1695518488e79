// The package's types describe its main entry, which is CommonJS under an ESM package: Node must take the module file.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export { WgslReflect } from 'wgsl_reflect';
}
