import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { CODE_SCRIPTS, CodeField, SentCode } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Waiting } from './recovery.ts'

interface Sent extends Waiting {
  readonly digits: number
  /** How long the code is good for; null: until it is used. */
  readonly minutes: number | null
}

/** The same whoever was asked for. */
export const codePage = ({ t }: Kit, { flow, email, digits, minutes }: Sent): FormPage => ({
  title: t('recovery.code_title'),
  lede: (
    <SentCode
      sent={email === null ? t('recovery.sent_phone', { digits }) : t('recovery.sent_email', { email, digits })}
      minutes={minutes}
    />
  ),
  to: '/recovery/confirm',
  button: t('recovery.confirm'),
  scripts: CODE_SCRIPTS,
  children: (
    <>
      <Hidden name="flow" value={flow} />
      <CodeField digits={digits} />
    </>
  ),
  // The app asks for an SMS; nobody else can.
  below:
    email === null ? null : (
      <p class="center">
        <Link to="/recovery/email">{t('recovery.resend')}</Link>
      </p>
    ),
})
