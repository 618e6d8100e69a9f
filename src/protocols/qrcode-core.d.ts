// `qrcode` without its renderers, which load a PNG encoder and `node:fs` that we have no use for.
declare module 'qrcode/lib/core/qrcode.js' {
  export const create: typeof import('qrcode').create
}
