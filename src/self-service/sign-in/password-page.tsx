import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { OtherRefusals, TextField, textOf } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { markdown } from '../../panel/markdown.tsx'

interface Door {
  /** Accounts of the Space; null: nobody shall know. */
  readonly count: number | null
  /** Where the person wanted to go. */
  readonly next: string | null
  readonly canRecover: boolean
  readonly canSignUp: boolean
}

export const passwordPage = ({ t, space, input, refused }: Kit, door: Door): FormPage => {
  const { count, next, canRecover, canSignUp } = door
  const why = t('sign_in.why', { space: space.name })
  return {
    title: t('sign_in.title'),
    lede: count === null ? why : `${why} ${t('sign_in.count', { count })}`,
    to: '/authenticate',
    button: t('sign_in.go'),
    address: `/login${next === null ? '' : `?next=${encodeURIComponent(next)}`}`,
    before:
      space.introRegistrationText === null ? null : (
        <div class="prose-text">{markdown(space.introRegistrationText)}</div>
      ),
    children: (
      <>
        <OtherRefusals name="credentials" />
        {next === null ? null : <Hidden name="next" value={next} />}
        <TextField
          name="username"
          label={t('sign_in.identifier')}
          hint={t(space.phoneRegistration ? 'sign_in.identifier_hint_phone' : 'sign_in.identifier_hint')}
          value={textOf(input.username)}
          autocomplete="username"
          autocapitalize="none"
        />
        <TextField
          name="password"
          label={t('sign_in.password')}
          type="password"
          autocomplete="current-password"
          autofocus={refused.has('credentials')}
          beside={canRecover ? <Link to="/recovery/email">{t('sign_in.forgotten')}</Link> : undefined}
        />
      </>
    ),
    after: (
      <>
        <p class="or">{t('panel.or')}</p>
        <ButtonLink to="/authenticate/qrcode" icon="qr-code" size="wide">
          {t('sign_in.by_code')}
        </ButtonLink>
      </>
    ),
    below: canSignUp ? (
      <p class="center">
        {t('sign_in.no_account')} <Link to="/register">{t('sign_up.title')}</Link>
      </p>
    ) : null,
  }
}
