import { Note } from '../../panel/components/note.tsx'
import { Handover } from '../../panel/components/phone-app.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

interface Landing {
  /** Of the document. */
  readonly url: string
  /** null: there is no picture of it. */
  readonly qrCodePath: string | null
  /** A phone may have the account already. */
  readonly again: boolean
}

/** What the answer depends on: a program at the same address gets the document. */
const VARY = 'Accept, Accept-Language, Sec-Fetch-Dest, Sec-Purpose, Purpose, X-Linphone-Provisioning'

/** It needs no script, and so it may load none. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** For a person who opened a provisioning link in a browser: the token stays unspent. */
export const landingPage = ({ t }: Kit, { url, qrCodePath, again }: Landing): Page => ({
  title: t('provisioning.title'),
  // A link to the same in another language would lose `?reset_password`.
  address: null,
  headers: { vary: VARY, 'content-security-policy': CONTENT_SECURITY_POLICY },
  children: (
    <>
      <Handover
        to={`linphone-config:${url}`}
        label={t('provisioning.open')}
        qr={qrCodePath === null ? null : { src: qrCodePath, says: t('provisioning.scan') }}
      />
      {again ? <Note>{t('provisioning.again')}</Note> : null}
    </>
  ),
})
