import type { VNode } from 'preact'
import { phoneSystem } from '../browser-name.ts'
import { useKit } from '../kit.tsx'
import { ButtonLink, Link } from './button.tsx'
import { FoldedQr, Qr } from './credentials.tsx'

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

interface HandoverProps {
  /** What opens the app on the device that has it. */
  readonly to: string
  readonly label: string
  /** A picture of the same, for another device; null: there is none. */
  readonly qr: { readonly src: string; readonly says: string } | null
}

/** A link that is opened or scanned: on a phone the button comes first, elsewhere the picture. */
export const Handover = ({ to, label, qr }: HandoverProps): VNode => {
  const { t, userAgent } = useKit()
  const isPhone = phoneSystem(userAgent) !== null
  const look = { size: 'wide', icon: 'smartphone' } as const
  const picture = qr === null ? null : { src: qr.src, alt: t('provisioning.picture'), children: qr.says }
  return (
    <>
      {isPhone || picture === null ? null : <Qr {...picture} />}
      <ButtonLink to={to} tone={isPhone || picture === null ? 'primary' : undefined} {...look}>
        {label}
      </ButtonLink>
      <GetTheApp />
      {isPhone && picture !== null ? <FoldedQr title={t('app.other_device')} {...picture} /> : null}
    </>
  )
}
