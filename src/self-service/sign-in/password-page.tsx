import type { Visit } from '../../nouns/visit.ts'
import { NOTHING_REFUSED, otherRefusals, textField, textOf } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import { markdown } from '../../panel/markdown.tsx'

interface Door {
  /** Accounts of the Space; null: nobody shall know. */
  readonly count: number | null
  /** Where the person wanted to go. */
  readonly next: string | null
  readonly canRecover: boolean
  readonly canSignUp: boolean
}

export const passwordPage = (visit: Visit, basePath: string, door: Door, refused = NOTHING_REFUSED): Form => {
  const { count, next, canRecover, canSignUp } = door
  const { space, input } = visit
  const t = texts(visit)
  const others = [
    canRecover ? (['/recovery/email', 'sign_in.forgotten'] as const) : null,
    ['/authenticate/qrcode', 'sign_in.by_code'] as const,
    canSignUp ? (['/register', 'sign_up.title'] as const) : null,
  ]
  return {
    title: 'sign_in.title',
    action: '/authenticate',
    button: 'sign_in.go',
    refused,
    address: `${basePath}/login${next === null ? '' : `?next=${encodeURIComponent(next)}`}`,
    before: space.introRegistrationText === null ? null : markdown(space.introRegistrationText),
    children: (
      <>
        <p>
          {t('sign_in.why', { space: space.name })} {count === null ? null : t('sign_in.count', { count })}
        </p>
        {otherRefusals(visit, refused, 'credentials')}
        {next === null ? null : <input type="hidden" name="next" value={next} />}
        {textField(visit, refused, {
          name: 'username',
          label: 'sign_in.identifier',
          hint: t(space.phoneRegistration ? 'sign_in.identifier_hint_phone' : 'sign_in.identifier_hint'),
          value: textOf(input.username),
          autocomplete: 'username',
          autocapitalize: 'none',
        })}
        {textField(visit, refused, {
          name: 'password',
          label: 'sign_in.password',
          type: 'password',
          autocomplete: 'current-password',
          autofocus: refused.has('credentials'),
        })}
      </>
    ),
    after: (
      <ul class="ways">
        {others.map((other) =>
          other === null ? null : (
            <li>
              <a href={basePath + other[0]}>{t(other[1])}</a>
            </li>
          ),
        )}
      </ul>
    ),
  }
}
