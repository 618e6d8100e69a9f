import type { ComponentChildren } from 'preact'
import { render } from 'preact-render-to-string'
import type { MessageValues } from '../errors.ts'
import type { Visit } from '../http/visit.ts'
import type { MessageId } from '../messages/messages.ts'
import { LANGUAGES, translate } from '../messages/messages.ts'
import { assetPath } from './assets.ts'

export interface Page {
  /** A message of the catalogue. */
  readonly title: MessageId
  readonly children: ComponentChildren
  readonly status?: number
  /** Origins that a captcha of somebody else needs for its script and frame. */
  readonly foreign?: readonly string[]
  /** A script: an asset of ours by its name, or a captcha's by its URL. */
  readonly script?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Where the page can be had by GET in another language; null: nowhere, it answers a form. Itself by default. */
  readonly address?: string | null
}

export type Translate = (id: MessageId, values?: MessageValues) => string

/** Texts in the visitor's language. */
export const texts =
  (visit: Visit): Translate =>
  (id, values) =>
    translate(visit.language, values === undefined ? { id } : { id, values })

/** No inline script or style, nothing from elsewhere except what a captcha needs, no framing. */
const contentSecurityPolicy = (foreign: readonly string[]): string => {
  const origins = foreign.length === 0 ? '' : ` ${foreign.join(' ')}`
  return [
    "default-src 'none'",
    `script-src 'self'${origins}`,
    `style-src 'self'${origins}`,
    "img-src 'self' data:",
    `connect-src 'self'${origins}`,
    `frame-src ${foreign.length === 0 ? "'none'" : foreign.join(' ')}`,
    "worker-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Every page of the panel: its frame, its language, its headers. Works without scripts. */
export const page = (visit: Visit, basePath: string, options: Page): Response => {
  const { title, children, status = 200, foreign = [], script, headers = {}, address = '' } = options
  const { language, space } = visit
  const t = texts(visit)
  const html = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${t(title)} – ${space.name}`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={basePath + assetPath('panel.css')} />
        {script === undefined || script === null ? null : (
          <script type="module" src={script.startsWith('https:') ? script : basePath + assetPath(script)} />
        )}
      </head>
      <body>
        <header>{space.name}</header>
        <main>
          <h1>{t(title)}</h1>
          {children}
        </main>
        <footer>
          {LANGUAGES.map((other) =>
            other === language || address === null ? null : (
              <a href={`${address}?lang=${other}`} lang={other} hreflang={other}>
                {translate(other, { id: 'panel.language' })}
              </a>
            ),
          )}
          {space.copyrightText === null ? null : <span>{space.copyrightText}</span>}
        </footer>
      </body>
    </html>
  )
  return new Response(`<!doctype html>${render(html)}`, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store, private',
      'content-language': language,
      vary: 'Accept-Language, Cookie',
      'content-security-policy': contentSecurityPolicy(foreign),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  })
}
