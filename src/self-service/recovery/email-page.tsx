import type { FieldMessages } from '../../errors.ts'
import type { Visit } from '../../nouns/visit.ts'
import { textField, textOf } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'

interface Shown {
  readonly basePath: string
  readonly captchaSubject: string
  /** The address alone may lead to several accounts. */
  readonly needsName: boolean
  readonly refused: FieldMessages
}

export const emailPage = (visit: Visit, { basePath, captchaSubject, needsName, refused }: Shown): Form => {
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
        {!needsName
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
