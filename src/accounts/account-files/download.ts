import type { Format } from './exporting.ts'

const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/json' } as const

/** A reply that browsers save under that name. Nothing keeps a copy of it. */
export const download =
  (format: Format, name: string) =>
  (body: string | ReadableStream<Uint8Array>): Response =>
    new Response(body, {
      headers: {
        'content-type': TYPES[format],
        'content-disposition': `attachment; filename="${name}.${format}"`,
        'cache-control': 'no-store, private',
        'x-content-type-options': 'nosniff',
      },
    })
