import type { FormPage } from '../../panel/answers.tsx'
import { phoneSystem } from '../../panel/browser-name.ts'
import { FoldedQr } from '../../panel/components/credentials.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { Note } from '../../panel/components/note.tsx'
import { GetTheApp } from '../../panel/components/phone-app.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { qrDataUrl } from '../../protocols/qr.ts'
import { calls, SCRIPT, titleOf } from './opening.tsx'
import type { OpenLink } from './wizard.ts'

/** What a link of ours would do, and the button that uses it up. `query`: what it was opened with. */
export const linkPage = (kit: Kit, { link, query }: { link: OpenLink; query: string }): FormPage => {
  const { t, space, home, userAgent } = kit
  const { token, errand, setsUp, again } = link
  // Its query may be of any length and says only this; a picture has an end.
  const scanned = `${home}/wizard/${token}${errand.useSips ? '?linphone-use-sips' : ''}`
  return {
    title: t(titleOf(errand, setsUp)),
    lede: calls(kit, errand),
    address: `/wizard/${token}${query}`,
    scripts: [SCRIPT],
    to: '/wizard',
    button: t('wizard.open'),
    icon: 'smartphone',
    marks: { 'data-once': true },
    children: (
      <>
        {setsUp ? <p>{t('wizard.sets_up', { space: space.name })}</p> : null}
        {again ? <Note>{t('provisioning.again')}</Note> : null}
        <p>{t('wizard.once')}</p>
        <Hidden name="token" value={token} />
        {errand.useSips ? <Hidden name="linphone-use-sips" value="true" /> : null}
      </>
    ),
    after: (
      <>
        <GetTheApp />
        <FoldedQr
          title={t('app.other_device')}
          open={phoneSystem(userAgent) === null}
          src={qrDataUrl(scanned, { level: 'M' })}
          alt={t('provisioning.picture')}
        >
          {t('wizard.scan')}
        </FoldedQr>
      </>
    ),
  }
}
