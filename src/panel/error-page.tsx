import { type Language, type MessageId, translate } from '../messages/messages.ts'
import { ButtonLink } from './components/button.tsx'
import { htmlDocument } from './document.tsx'
import type { Kit } from './kit.tsx'
import type { Page } from './page.tsx'

const TITLES: Readonly<Record<number, MessageId>> = {
  403: 'panel.forbidden',
  404: 'panel.not_found',
  405: 'panel.not_found',
  410: 'panel.gone',
  429: 'panel.too_often',
  500: 'panel.ours',
  503: 'panel.unavailable',
}

/** Said of an address that was sent to somebody: it was there, or never was, and the page is not what is missing. */
const DEAD_LINKS: ReadonlySet<MessageId> = new Set([
  'email.link_unknown',
  'provisioning.link_expired',
  'provisioning.link_unknown',
  'reset.dead',
  'reset.unknown',
  'token.unknown',
  'voicemail.link_expired',
])

const titleOf = (status: number): MessageId => TITLES[status] ?? 'panel.refused'

interface Refusal {
  readonly status: number
  /** Which sentence it is. */
  readonly about: MessageId
  /** The same in the language of the page. */
  readonly message: string
  /** Of the request. */
  readonly id: string
  /** Its own, below the base path; null: it answers a form. */
  readonly address: string | null
}

/** A refusal for people: what happened, in their language, on a page of the same frame, and what support can look up. */
export const errorPage = ({ t }: Kit, { status, about, message, id, address }: Refusal): Page => {
  const isDeadLink = DEAD_LINKS.has(about)
  return {
    title: t(isDeadLink ? 'panel.dead_link' : titleOf(status)),
    badge: isDeadLink
      ? { icon: 'fail', tone: 'bad' }
      : { icon: status === 404 || status === 405 ? 'question' : 'alert' },
    lede: message,
    status,
    address,
    children: (
      <>
        <div class="actions">
          <ButtonLink to="/" tone="primary">
            {t('panel.start')}
          </ButtonLink>
        </div>
        <p class="muted small-text id">{t('panel.request', { id })}</p>
      </>
    ),
  }
}

/** A card in the middle, in no Space's colour; it stands in the page, which can load nothing. */
const BARE_STYLE = [
  ':root{color-scheme:light dark;font:100%/1.5 system-ui,sans-serif;background:#f4f5f6;color:#1c2126}',
  'body{display:grid;place-items:center;min-height:100vh;margin:0;padding:1rem;box-sizing:border-box}',
  'main{box-sizing:border-box;width:100%;max-width:27rem;padding:2rem;border:1px solid #e3e6e9;border-radius:1rem;background:#fff}',
  'h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25}p{margin:0;color:#474e55;overflow-wrap:anywhere}',
  '@media(prefers-color-scheme:dark){:root{background:#121416;color:#eef0f2}',
  'main{border-color:#2e3236;background:#1b1e21}p{color:#c2c7cc}}',
].join('')
const BARE_STYLE_HASH = new Bun.CryptoHasher('sha256').update(BARE_STYLE).digest('base64')
const BARE_POLICY = `default-src 'none'; style-src 'sha256-${BARE_STYLE_HASH}'; img-src data:; base-uri 'none'; frame-ancestors 'none'`

/** The same where no Space answers, and so nothing of ours that a page could load. */
export const barePage = (language: Language, status: number, message: string): Response => {
  // What is forbidden here is a Space that has expired.
  const title = translate(language, { id: status === 403 ? 'panel.gone' : titleOf(status) })
  const html = htmlDocument({
    language,
    title,
    icon: 'data:,',
    style: BARE_STYLE,
    body: 'public',
    children: (
      <main>
        <h1>{title}</h1>
        <p>{message}</p>
      </main>
    ),
  })
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store, private',
      'content-language': language,
      vary: 'Accept-Language',
      'content-security-policy': BARE_POLICY,
      'x-content-type-options': 'nosniff',
    },
  })
}
