import { render } from 'preact-render-to-string'
import type { Visit } from '../../http/visit.ts'
import { translate } from '../../messages/messages.ts'

/** For a person who opened a provisioning link in a browser: the token stays unspent. */
export const landingPage = (visit: Visit, url: string): Response => {
  const language = visit.language
  const t = (id: Parameters<typeof translate>[1]['id']) => translate(language, { id })
  const qrCode = url.replace('/provisioning/', '/provisioning/qrcode/')
  const page = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${t('provisioning.title')} – ${visit.space.name}`}</title>
      </head>
      <body>
        <main>
          <h1>{t('provisioning.title')}</h1>
          <p>{t('provisioning.scan')}</p>
          <p>
            <img src={qrCode} alt={t('provisioning.scan')} width="320" height="320" />
          </p>
          <p>
            <a href={`linphone-config:${url}`}>{t('provisioning.open')}</a>
          </p>
        </main>
      </body>
    </html>
  )
  return new Response(`<!doctype html>${render(page)}`, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store, private',
      'content-language': language,
      'content-security-policy': "default-src 'none'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  })
}
