import type { Exchange } from '../http/exchange.ts'
import type { Kit } from './kit.tsx'
import { type Page, pageHtml } from './page.tsx'
import { noFlash } from './redirect.ts'

/** A browser that has come by HTTPS once comes by nothing else for a year. */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000'

/** No inline script or style, nothing from elsewhere except what a captcha needs, no framing; sound where a page plays it. */
const contentSecurityPolicy = (foreign: readonly string[], hasSound: boolean): string => {
  const origins = foreign.length === 0 ? '' : ` ${foreign.join(' ')}`
  return [
    "default-src 'none'",
    `script-src 'self'${origins}`,
    `style-src 'self'${origins}`,
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${origins}`,
    `frame-src ${foreign.length === 0 ? "'none'" : foreign.join(' ')}`,
    ...(hasSound ? ["media-src 'self'"] : []),
    "worker-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const NO_FRAME = { menu: [], path: '/', formToken: null, flash: null } as const

/** A page as the answer to a request: in its frame, with its status and its headers. */
export const respond = (exchange: Exchange, kit: Kit, page: Page): Response => {
  const { caller, route, secure } = exchange
  const { menu, path, formToken, flash } = (page.signedOut === true ? null : exchange.frame) ?? NO_FRAME
  const isUnconfirmed = kit.isSignedIn && caller?.activated === false
  const html = pageHtml({ kit, around: { menu, route, path, caller, formToken }, isUnconfirmed, flash }, page)
  // An address that holds a token is nobody else's business, not even another page's of ours. Administrators' hold ids.
  const isSecret = route.includes(':') && !route.startsWith('/admin/')
  const response = new Response(html, {
    status: page.status ?? 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store, private',
      'content-language': kit.language,
      vary: 'Accept-Language, Cookie',
      'content-security-policy': contentSecurityPolicy(page.foreign ?? [], html.includes('<audio ')),
      'referrer-policy': isSecret ? 'no-referrer' : 'same-origin',
      'x-content-type-options': 'nosniff',
      ...(isSecret ? { 'x-robots-tag': 'noindex' } : {}),
      ...(secure ? { 'strict-transport-security': STRICT_TRANSPORT_SECURITY } : {}),
      ...(page.headers ?? {}),
    },
  })
  if (flash !== null) response.headers.append('set-cookie', noFlash(exchange))
  return response
}
