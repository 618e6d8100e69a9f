import type { Visit } from '../../http/visit.ts'
import { NOTHING_REFUSED, textField, textOf } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

export const emailPage = (visit: Visit, basePath: string, captchaSubject: string, refused = NOTHING_REFUSED): Form => {
  const { space, input } = visit
  return {
    title: 'recovery.title',
    action: '/recovery',
    button: 'recovery.send',
    refused,
    address: `${basePath}/recovery/email`,
    captchaSubject,
    children: (
      <>
        <p>{texts(visit)('recovery.by_email', { space: space.name })}</p>
        {textField(visit, refused, {
          name: 'email',
          label: 'recovery.email',
          type: 'email',
          value: textOf(input.email),
          autocomplete: 'email',
        })}
        {space.uniqueEmail
          ? null
          : textField(visit, refused, {
              name: 'username',
              label: 'recovery.username',
              value: textOf(input.username),
              autocomplete: 'username',
              autocapitalize: 'none',
            })}
      </>
    ),
  }
}
