import type { VNode } from 'preact'
import type { Config } from '../config/config.ts'
import type { Visit } from '../nouns/visit.ts'
import { phoneSystem } from './browser-name.ts'
import { texts } from './layout.tsx'

/** Where Linphone itself is to be had. */
const STORES = {
  android: { url: 'https://play.google.com/store/apps/details?id=org.linphone', label: 'app.android' },
  ios: { url: 'https://apps.apple.com/app/linphone/id360065638', label: 'app.ios' },
} as const

/** Where to get the app: from the operator's own page, else from the stores, on a phone from its own. */
export const whereToGetIt = (visit: Visit, config: Config): VNode => {
  const t = texts(visit)
  const { PHONE_APP_NAME: app, MAIL_APP_DOWNLOAD_URL: own } = config
  const system = phoneSystem(visit.userAgent)
  const stores = system === null ? [STORES.android, STORES.ios] : [STORES[system]]
  return (
    <p>
      {t('app.missing', { app })}{' '}
      {own === null ? (
        stores.map(({ url, label }, index) => (
          <>
            {index === 0 ? null : ', '}
            <a href={url} rel="noopener noreferrer">
              {t(label)}
            </a>
          </>
        ))
      ) : (
        <a href={own}>{t('app.download', { app })}</a>
      )}
    </p>
  )
}
