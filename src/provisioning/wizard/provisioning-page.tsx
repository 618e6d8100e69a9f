import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'
import { whereToGetIt } from '../../panel/phone-app.tsx'
import { opening } from './opening.tsx'

/** A provisioning link in the place of one of ours. */
export const provisioningPage = (
  visit: Visit,
  config: Config,
  { url, qrCodePath, again }: { url: string; qrCodePath: string; again: boolean },
  address: string,
): Response => {
  const t = texts(visit)
  return page(visit, config.BASE_PATH, {
    title: 'provisioning.title',
    address,
    children: (
      <>
        <p>{t('provisioning.scan')}</p>
        <img class="qr" src={qrCodePath} alt={t('provisioning.picture')} width="320" height="320" />
        {opening(visit, `linphone-config:${url}`, false)}
        {again ? <p>{t('provisioning.again')}</p> : null}
        {whereToGetIt(visit, config)}
      </>
    ),
  })
}
