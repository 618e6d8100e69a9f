import type { VNode } from 'preact'
import type { Config } from '../../config/config.ts'
import type { FieldMessages } from '../../errors.ts'
import type { Visit } from '../../nouns/visit.ts'
import { NOTHING_REFUSED, newPasswordFields, otherRefusals, textField, textOf } from '../../panel/fields.tsx'
import type { Form } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import { markdown } from '../../panel/markdown.tsx'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'
import { emailFields, phoneField } from './contact-fields.tsx'

/** What the new account is confirmed by. */
export type Way = Pending['kind']

export const PATHS = { email: '/register/email', phone: '/register/phone' } as const
const TABS = { email: 'sign_up.by_email', phone: 'sign_up.by_phone' } as const

/** No person sees it: only programs fill it in. */
export const TRAP = 'website'

interface Offered {
  readonly way: Way
  /** The ways that are open. */
  readonly ways: readonly Way[]
  readonly newsletterOffer: string | null
  readonly captchaSubject: string
}

export const signUpPage = (
  visit: Visit,
  config: Config,
  { way, ways, newsletterOffer, captchaSubject }: Offered,
  refused = NOTHING_REFUSED,
): Form => {
  const t = texts(visit)
  const { space, input } = visit
  const basePath = config.BASE_PATH
  const least = config.ACCOUNT_USERNAME_MIN_LENGTH
  return {
    title: 'sign_up.title',
    action: '/accounts',
    button: 'sign_up.make',
    refused,
    address: basePath + PATHS[way],
    captchaSubject,
    before: (
      <>
        {space.introRegistrationText === null ? null : markdown(space.introRegistrationText)}
        <p>{t('sign_up.why')}</p>
        {ways.length < 2 ? null : tabs(visit, basePath, ways, way)}
      </>
    ),
    children: (
      <>
        {textField(visit, refused, {
          name: 'username',
          label: 'sign_up.username',
          value: textOf(input.username),
          autocomplete: 'username',
          autocapitalize: 'none',
          minlength: least,
          maxlength: 64,
          hint: `${t('sign_up.username_hint', { count: least })} ${t('sign_up.domain', { domain: space.domain })}`,
        })}
        {way === 'email'
          ? emailFields(visit, refused, textOf(input.email), textOf(input.email_confirmation))
          : phoneField(visit, refused, textOf(input.phone))}
        {newPasswordFields(visit, refused, config.ACCOUNT_PASSWORD_MIN_LENGTH, 'sign_in.password')}
        <div class="trap" aria-hidden="true">
          <input name={TRAP} tabIndex={-1} autocomplete="off" />
        </div>
        {way === 'phone' || newsletterOffer === null ? null : newsletter(visit, newsletterOffer)}
        {terms(visit, config, refused)}
      </>
    ),
    after: (
      <p>
        <a href={`${basePath}/login`}>{t('sign_up.have_account')}</a>
      </p>
    ),
  }
}

const tabs = (visit: Visit, basePath: string, ways: readonly Way[], current: Way): VNode => {
  const t = texts(visit)
  return (
    <nav class="tabs" aria-label={t('sign_up.ways')}>
      {ways.map((way) => (
        <a href={basePath + PATHS[way]} aria-current={way === current ? 'page' : undefined}>
          {t(TABS[way])}
        </a>
      ))}
    </nav>
  )
}

/** Never ticked beforehand: nobody gets what they did not ask for. */
const newsletter = ({ input }: Visit, offer: string): VNode => (
  <label class="terms">
    <input type="checkbox" name="newsletter" value="1" checked={input.newsletter === '1'} />
    <span>{offer}</span>
  </label>
)

const terms = (visit: Visit, config: Config, refused: FieldMessages): VNode | null => {
  const t = texts(visit)
  const links = [
    { url: config.TERMS_OF_USE_URL, label: 'sign_up.terms' },
    { url: config.PRIVACY_POLICY_URL, label: 'sign_up.privacy' },
  ] as const
  const known = links.flatMap(({ url, label }) => (url === null ? [] : [{ url, label }]))
  return known.length === 0 ? null : (
    <>
      <label class="terms">
        <input
          type="checkbox"
          name="terms"
          value="1"
          required
          checked={visit.input.terms === '1'}
          aria-invalid={refused.has('terms') ? 'true' : undefined}
        />
        <span>
          {t('sign_up.terms_accept')}{' '}
          {known.map(({ url, label }, index) => (
            <>
              {index === 0 ? null : ', '}
              <a href={url} rel="noopener noreferrer" target="_blank">
                {t(label)}
              </a>
            </>
          ))}
        </span>
      </label>
      {otherRefusals(visit, refused, 'terms')}
    </>
  )
}
