import { render } from 'preact-render-to-string'
import type { Visit } from '../../nouns/visit.ts'
import { assetPath, huePath } from '../../panel/assets.ts'
import { texts } from '../../panel/layout.tsx'

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  "style-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * For a person who opened a provisioning link in a browser: the token stays unspent. `qrCodePath` null: there is no
 * picture of it. `again`: a phone may have the account already. Not a page of the panel's frame, whose links would lose `?reset_password`.
 */
export const landingPage = (
  visit: Visit,
  basePath: string,
  { url, qrCodePath, again }: { url: string; qrCodePath: string | null; again: boolean },
): Response => {
  const { language, space } = visit
  const t = texts(visit)
  const page = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${t('provisioning.title')} – ${space.name}`}</title>
        <link rel="stylesheet" href={basePath + assetPath('panel.css')} />
        <link rel="stylesheet" href={basePath + huePath(space.themeHue)} />
      </head>
      <body>
        <header>{space.name}</header>
        <main>
          <h1>{t('provisioning.title')}</h1>
          {qrCodePath === null ? null : (
            <>
              <p>{t('provisioning.scan')}</p>
              <img class="qr" src={qrCodePath} alt={t('provisioning.picture')} width="320" height="320" />
            </>
          )}
          <p>
            <a href={`linphone-config:${url}`} class="button">
              {t('provisioning.open')}
            </a>
          </p>
          {again ? <p>{t('provisioning.again')}</p> : null}
        </main>
      </body>
    </html>
  )
  return new Response(`<!doctype html>${render(page)}`, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store, private',
      'content-language': language,
      vary: 'Accept, Accept-Language, Sec-Fetch-Dest, Sec-Purpose, Purpose, X-Linphone-Provisioning',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  })
}
