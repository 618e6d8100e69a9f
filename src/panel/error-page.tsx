import { render } from 'preact-render-to-string'
import { type Language, type MessageId, translate } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { page, texts } from './layout.tsx'

const TITLES: Readonly<Record<number, MessageId>> = {
  403: 'panel.forbidden',
  404: 'panel.not_found',
  405: 'panel.not_found',
  410: 'panel.gone',
  429: 'panel.too_often',
  500: 'panel.ours',
  503: 'panel.unavailable',
}

/** A refusal for people: what happened, in their language, on a page of the same frame, and what support can look up. */
export const errorPage = (visit: Visit, basePath: string, status: number, message: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: TITLES[status] ?? 'panel.refused',
    status,
    address: null,
    children: (
      <>
        <p>{message}</p>
        <p>
          <a href={`${basePath}/`}>{t('panel.start')}</a>
        </p>
        <p class="request">
          <small>{t('panel.request', { id: visit.id })}</small>
        </p>
      </>
    ),
  })
}

/** The same where no Space answers, and so nothing of ours that a page could load. */
export const barePage = (language: Language, status: number, message: string): Response => {
  const title = translate(language, { id: TITLES[status] ?? 'panel.refused' })
  const html = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <main>
          <h1>{title}</h1>
          <p>{message}</p>
        </main>
      </body>
    </html>
  )
  return new Response(`<!doctype html>${render(html)}`, {
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
