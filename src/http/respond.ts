// Replies share ready-made Headers: copying one is several times cheaper than building it for every request.

/** Of every reply of the API, refusals included; the front replaces the origin where `CORS_ALLOW_ORIGIN` names one. */
export const COMMON = {
  'cache-control': 'no-cache, private',
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': '*',
  vary: 'Accept-Language',
}

/** Exactly `application/json`: Linphone compares the whole value (D13). */
const JSON_HEADERS = new Headers({ 'content-type': 'application/json', ...COMMON })
const TEXT_HEADERS = new Headers({ 'content-type': 'text/plain; charset=utf-8', ...COMMON })
const VCARD_HEADERS = new Headers({ 'content-type': 'text/vcard; charset=utf-8', ...COMMON })
const NO_STORE_JSON_HEADERS = new Headers({ ...Object.fromEntries(JSON_HEADERS), 'cache-control': 'no-store, private' })

export const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: JSON_HEADERS })

/** For replies that hold short-lived secrets. */
export const secretJson = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: NO_STORE_JSON_HEADERS })

export const text = (body: string): Response => new Response(body, { headers: TEXT_HEADERS })

/** Any number of cards, also none. */
export const vcards = (body: string | ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: VCARD_HEADERS })

/** JSON that is text already. */
export const jsonText = (body: string | ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: JSON_HEADERS })

/**
 * 200 without a body. It names a type all the same: liblinphone 5.1 and 5.5 read the header of every 2xx through a null
 * pointer (compatibility.md §2.8).
 */
export const empty = (status: 200 | 202 = 200): Response => new Response(null, { status, headers: JSON_HEADERS })
