import type { VNode } from 'preact'
import { phoneSystem } from '../browser-name.ts'
import { useKit } from '../kit.tsx'
import { Link } from './button.tsx'

/** Where Linphone itself is to be had. */
const STORES = {
  android: { url: 'https://play.google.com/store/apps/details?id=org.linphone', label: 'app.android' },
  ios: { url: 'https://apps.apple.com/app/linphone/id360065638', label: 'app.ios' },
} as const

/** Where to get the app: from the operator's own page, else from the stores, on a phone from its own. */
export const GetTheApp = (): VNode => {
  const { t, app, userAgent } = useKit()
  const system = phoneSystem(userAgent)
  const stores = system === null ? [STORES.android, STORES.ios] : [STORES[system]]
  return (
    <p class="muted">
      {t('app.missing', { app: app.name })}{' '}
      {app.download === null ? (
        stores.map(({ url, label }, index) => (
          <>
            {index === 0 ? null : ', '}
            <Link to={url}>{t(label)}</Link>
          </>
        ))
      ) : (
        <Link to={app.download}>{t('app.download', { app: app.name })}</Link>
      )}
    </p>
  )
}
