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

const titleOf = (status: number): MessageId => TITLES[status] ?? 'panel.refused'

/** A refusal for people: what happened, in their language, on a page of the same frame, and what support can look up. */
export const errorPage = (
  { t }: Kit,
  { status, message, id }: { status: number; message: string; id: string },
): Page => ({
  title: t(titleOf(status)),
  badge: { icon: status === 404 || status === 405 ? 'question' : 'alert' },
  lede: message,
  status,
  address: null,
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
})

/** The same where no Space answers, and so nothing of ours that a page could load. */
export const barePage = (language: Language, status: number, message: string): Response => {
  const title = translate(language, { id: titleOf(status) })
  const html = htmlDocument({
    language,
    title,
    icon: 'data:,',
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
      'content-security-policy': "default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    },
  })
}
