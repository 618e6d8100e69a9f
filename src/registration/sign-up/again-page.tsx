import type { FormPage } from '../../panel/answers.tsx'
import { textOf } from '../../panel/components/fields.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'
import { EmailFields, PhoneField } from './contact-fields.tsx'

/** Another code, to the same place or, where that was mistyped, to another one. */
export const againPage = ({ t, input }: Kit, { kind, to }: Pending): FormPage => ({
  title: t('sign_up.again'),
  lede: t(kind === 'email' ? 'sign_up.again_why_email' : 'sign_up.again_why_phone'),
  to: '/register/again',
  button: t('sign_up.again'),
  cancel: [t('panel.back'), '/register/code'],
  address: '/register/again',
  children:
    kind === 'email' ? (
      <EmailFields value={textOf(input.email ?? to)} again={textOf(input.email_confirmation ?? to)} />
    ) : (
      <PhoneField value={textOf(input.phone ?? to)} />
    ),
})
