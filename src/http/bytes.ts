/** A stretch of bytes, `end` not included. */
interface Stretch {
  readonly start: number
  readonly end: number
}

/** Where bytes come from that are read while they are taken. */
interface Source {
  readonly size: number
  part(start: number, end: number): Blob | ReadableStream<Uint8Array>
}

/**
 * What a `Range` asks of `size` bytes (RFC 9110 §14.1.2, §14.2); null: all of them, because it asks for nothing that we
 * know, or for several stretches at once.
 */
export const rangeOf = (header: string | null, size: number): Stretch | 'unsatisfiable' | null => {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.replaceAll(/[ \t]/g, '') ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '')
    return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size }
  const [start, end] = [Number(first), last === '' ? size : Math.min(size, Number(last) + 1)]
  if (last !== '' && Number(last) < start) return null
  return start >= size ? 'unsatisfiable' : { start, end }
}

/**
 * Bytes that never change, all or the stretch that is asked for. `etag`: of just these bytes; a client that has a part of
 * others gets all. A HEAD is answered without reading them.
 */
export const bytesReply = (
  { headers }: Request,
  source: Source,
  about: { readonly head: boolean; readonly etag: string; readonly headers: Readonly<Record<string, string>> },
): Response => {
  const { size } = source
  const condition = headers.get('if-range')
  const asked = about.head || (condition !== null && condition !== about.etag) ? null : headers.get('range')
  const range = rangeOf(asked, size)
  const common = { ...about.headers, etag: about.etag, 'accept-ranges': 'bytes' }
  if (range === 'unsatisfiable') {
    const refused = { ...common, 'content-range': `bytes */${size}`, 'content-length': '0' }
    return new Response(null, { status: 416, headers: refused })
  }
  const { start, end } = range ?? { start: 0, end: size }
  const partly = range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }
  return new Response(about.head ? null : source.part(start, end), {
    status: range === null ? 200 : 206,
    headers: { ...common, ...partly, 'content-length': String(end - start) },
  })
}
