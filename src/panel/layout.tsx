import type { ComponentChildren, VNode } from 'preact'
import { render } from 'preact-render-to-string'
import { exchangeBehind } from '../http/exchange.ts'
import type { MessageId, MessageValues } from '../messages/messages.ts'
import { LANGUAGES, type Language, translate } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { assetPath, huePath } from './assets.ts'
import { FORM_TOKEN_FIELD } from './csrf.ts'
import { inlineMarkdown } from './markdown.tsx'
import { isBelow } from './navigation.ts'
import { noFlash } from './redirect.ts'

export interface Page {
  /** A message of the catalogue. */
  readonly title: MessageId
  readonly children: ComponentChildren
  readonly status?: number
  /** Origins that a captcha of somebody else needs for its script and frame. */
  readonly foreign?: readonly string[]
  /** Assets of ours by their names, or a captcha's by its URL. */
  readonly scripts?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** Where the page can be had by GET in another language; null: nowhere, it answers a form. Itself by default. */
  readonly address?: string | null
  /** Without scripts, the page is loaded again after so long: what it waits for may have come. */
  readonly lookAgainSeconds?: number
  /** Much to read, as wide as the window lets it. */
  readonly wide?: boolean
}

export type Translate = (id: MessageId, values?: MessageValues) => string

/** Texts in the visitor's language. */
export const texts =
  (visit: Visit): Translate =>
  (id, values) =>
    translate(visit.language, values === undefined ? { id } : { id, values })

/** A browser that has come by HTTPS once comes by nothing else for a year. */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000'

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

const menu = (visit: Visit, basePath: string): VNode | null => {
  const { frame, route } = exchangeBehind(visit)
  if (frame === null || frame.menu.length === 0) return null
  const t = texts(visit)
  return (
    <nav aria-label={t('panel.menu')}>
      {frame.menu.map(({ path, label }) =>
        label === undefined ? null : (
          <a href={basePath + path} aria-current={isBelow(route, path) ? 'page' : undefined}>
            {t(label)}
          </a>
        ),
      )}
    </nav>
  )
}

/** Who is signed in, and the way out. */
const identity = (visit: Visit, basePath: string): VNode | null => {
  const { caller, frame } = exchangeBehind(visit)
  const token = frame?.formToken ?? null
  if (caller === null || token === null) return null
  const t = texts(visit)
  return (
    <form method="post" action={`${basePath}/logout`} class="identity">
      <span class="name">{`${caller.username}@${caller.domain}`}</span>
      {caller.role === 'account' ? null : (
        <span class="badge">{t(caller.role === 'super' ? 'panel.super' : 'panel.admin')}</span>
      )}
      <input type="hidden" name={FORM_TOKEN_FIELD} value={token} />
      <button type="submit" class="quiet">
        {t('sign_out.title')}
      </button>
    </form>
  )
}

/** The other languages: a link for a visitor, whose browser remembers; a form for an account, which does. */
const languages = (visit: Visit, basePath: string, address: string | null): VNode[] => {
  const { language, frame } = exchangeBehind(visit)
  const others = LANGUAGES.filter((other) => other !== language && address !== null)
  const name = (other: Language) => translate(other, { id: 'panel.language' })
  return others.map((other) =>
    frame === null || frame.formToken === null ? (
      <a href={`${address}${address?.includes('?') ? '&' : '?'}lang=${other}`} lang={other} hreflang={other}>
        {name(other)}
      </a>
    ) : (
      <form method="post" action={`${basePath}/language`}>
        <input type="hidden" name={FORM_TOKEN_FIELD} value={frame.formToken} />
        <input type="hidden" name="next" value={frame.path} />
        <button type="submit" name="language" value={other} lang={other} class="quiet">
          {name(other)}
        </button>
      </form>
    ),
  )
}

/** A form that was refused starts at the first field that was: attributes are the only place where those quotes stand. */
const withFocus = (content: string): string => content.replace(' aria-invalid="true"', '$& autofocus')

/** The session has just ended: the page is a visitor's. */
export const forgetFrame = (visit: Visit): void => {
  exchangeBehind(visit).frame = null
}

/** Every page of the panel: its frame, its language, its headers. Works without scripts. */
export const page = (visit: Visit, basePath: string, options: Page): Response => {
  const {
    title,
    children,
    status = 200,
    foreign = [],
    scripts = [],
    headers = {},
    address = '',
    wide = false,
  } = options
  const { lookAgainSeconds } = options
  const { language, space } = visit
  const { frame } = exchangeBehind(visit)
  const flash = frame?.flash ?? null
  const logo = space.logo === null ? null : `${basePath}/storage/img/${space.logo}`
  const t = texts(visit)
  const content = render(
    <>
      {visit.caller?.activated === false && visit.session?.kind === 'panel' ? (
        <p class="banner">
          {t('panel.not_activated')} <a href={`${basePath}/email/change`}>{t('panel.not_activated_go')}</a>
        </p>
      ) : null}
      {flash === null ? null : (
        <p role="status" class="flash">
          {t(flash)}
        </p>
      )}
      <h1>{t(title)}</h1>
      {children}
    </>,
  )
  const loaded = content.includes('<time ') ? [...scripts, 'local-time.js'] : scripts
  const html = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        {lookAgainSeconds === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(lookAgainSeconds)} />
          </noscript>
        )}
        <title>{`${t(title)} – ${space.name}`}</title>
        <link rel="icon" href={logo ?? 'data:,'} />
        <link rel="stylesheet" href={basePath + assetPath('panel.css')} />
        <link rel="stylesheet" href={basePath + huePath(space.themeHue)} />
        {loaded.map((script) => (
          <script type="module" src={script.startsWith('https:') ? script : basePath + assetPath(script)} />
        ))}
      </head>
      <body class={wide ? 'wide' : visit.session?.kind === 'panel' ? 'signed-in' : undefined}>
        <a class="skip" href="#main">
          {t('panel.skip')}
        </a>
        <header>
          <div class="bar">
            <a class="brand" href={`${basePath}/`}>
              {logo === null ? null : <img src={logo} alt="" />}
              {space.name}
            </a>
            {identity(visit, basePath)}
          </div>
          {menu(visit, basePath)}
        </header>
        <main id="main" dangerouslySetInnerHTML={{ __html: withFocus(content) }} />
        <footer>
          {languages(visit, basePath, address)}
          <a href={`${basePath}/about`}>{t('about.title')}</a>
          {space.copyrightText === null ? null : <span>{inlineMarkdown(space.copyrightText)}</span>}
        </footer>
      </body>
    </html>
  )
  // An address that holds a token is nobody else's business, not even another page's of ours.
  const isSecret = exchangeBehind(visit).route.includes(':')
  const response = new Response(`<!doctype html>${render(html)}`, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store, private',
      'content-language': language,
      vary: 'Accept-Language, Cookie',
      'content-security-policy': contentSecurityPolicy(foreign),
      'referrer-policy': isSecret ? 'no-referrer' : 'same-origin',
      'x-content-type-options': 'nosniff',
      ...(isSecret ? { 'x-robots-tag': 'noindex' } : {}),
      ...(visit.secure ? { 'strict-transport-security': STRICT_TRANSPORT_SECURITY } : {}),
      ...headers,
    },
  })
  if (flash !== null) response.headers.append('set-cookie', noFlash(visit))
  return response
}
