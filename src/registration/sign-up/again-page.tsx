import type { Visit } from '../../nouns/visit.ts'
import { NOTHING_REFUSED, textOf } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'
import { emailFields, phoneField } from './contact-fields.tsx'

/** Another code, to the same place or, where that was mistyped, to another one. */
export const againPage = (visit: Visit, basePath: string, { kind, to }: Pending, refused = NOTHING_REFUSED): Form => {
  const t = texts(visit)
  const { input } = visit
  return {
    title: 'sign_up.again',
    action: '/register/again',
    button: 'sign_up.again',
    refused,
    address: `${basePath}/register/again`,
    children: (
      <>
        <p>{t(kind === 'email' ? 'sign_up.again_why_email' : 'sign_up.again_why_phone')}</p>
        {kind === 'email'
          ? emailFields(visit, refused, textOf(input.email ?? to), textOf(input.email_confirmation ?? to))
          : phoneField(visit, refused, textOf(input.phone ?? to))}
      </>
    ),
  }
}
