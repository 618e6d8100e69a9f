import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { FORM_TOKEN_FIELD, type FormTokens } from '../../panel/csrf.ts'
import { page, texts } from '../../panel/layout.tsx'
import { whereToGetIt } from '../../panel/phone-app.tsx'
import { qrPng } from '../../protocols/qr.ts'
import { calls, SCRIPT, titleOf } from './opening.tsx'
import type { OpenLink } from './wizard.ts'

/** What a link of ours would do, and the button that uses it up. `address`: its own, with its query. */
export const linkPage = (
  visit: Visit,
  config: Config,
  { token, errand, setsUp, again }: OpenLink,
  address: string,
  { token: formToken, setCookie }: ReturnType<FormTokens['issue']>,
): Response => {
  const t = texts(visit)
  // Its query may be of any length and says only this; a picture has an end.
  const query = errand.useSips ? '?linphone-use-sips' : ''
  const scanned = `${visit.baseUrl()}${config.BASE_PATH}/wizard/${token}${query}`
  return page(visit, config.BASE_PATH, {
    title: titleOf(errand, setsUp),
    address,
    scripts: [SCRIPT],
    headers: setCookie === null ? {} : { 'set-cookie': setCookie },
    children: (
      <form method="post" action={`${config.BASE_PATH}/wizard`} data-once>
        {calls(visit, errand)}
        {setsUp ? <p>{t('wizard.sets_up', { space: visit.space.name })}</p> : null}
        {again ? <p>{t('provisioning.again')}</p> : null}
        <p>{t('wizard.once')}</p>
        <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
        <input type="hidden" name="token" value={token} />
        {errand.useSips ? <input type="hidden" name="linphone-use-sips" value="true" /> : null}
        <button type="submit">{t('wizard.open')}</button>
        {whereToGetIt(visit, config)}
        <p>{t('wizard.scan')}</p>
        <img
          class="qr"
          src={dataUrl(qrPng(scanned, { level: 'M' }))}
          alt={t('provisioning.picture')}
          width="320"
          height="320"
        />
      </form>
    ),
  })
}

const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`
