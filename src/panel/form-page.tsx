import type { ComponentChildren } from 'preact'
import type { Captcha } from '../captcha/kind.ts'
import type { Config } from '../config/config.ts'
import { AppError, type FieldMessages } from '../errors.ts'
import type { MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import { FORM_TOKEN_FIELD, type FormTokens } from './csrf.ts'
import { NOTHING_REFUSED, otherRefusals } from './fields.tsx'
import { page, texts } from './layout.tsx'

export interface Form {
  readonly title: MessageId
  /** Where it is posted to, below the base path. */
  readonly action: string
  readonly button: MessageId
  readonly children: ComponentChildren
  /** What stands around the form and is not sent with it. */
  readonly before?: ComponentChildren
  readonly after?: ComponentChildren
  /** It was posted before, and this is what was wrong. */
  readonly refused?: FieldMessages
  /** As in `Page`: by default it answers another form. */
  readonly address?: string | null
  /** What the answer to the captcha is good for; without it the form has none. */
  readonly captchaSubject?: string
  /** As in `Page`, beside the captcha's. */
  readonly scripts?: readonly string[]
  /** Attributes by which those find it. */
  readonly marks?: Readonly<Record<`data-${string}`, boolean>>
}

/** A page that is one form, with its token and, where it asks for one, the captcha. */
export const formPage =
  (deps: { config: Config; formTokens: FormTokens; captcha: Captcha }) =>
  async (request: Request, visit: Visit, form: Form): Promise<Response> => {
    const { config, formTokens, captcha } = deps
    const { title, action, button, children, before, after, captchaSubject, scripts = [], marks } = form
    const { refused = NOTHING_REFUSED, address = null } = form
    const t = texts(visit)
    const { token, setCookie } = formTokens.issue(request, visit)
    const hasCaptcha = captchaSubject !== undefined
    const widget = hasCaptcha ? await captcha.widget(captchaSubject) : null
    return page(visit, config.BASE_PATH, {
      title,
      status: refused.size > 0 ? 422 : 200,
      address,
      foreign: hasCaptcha ? captcha.foreign : [],
      scripts: hasCaptcha && captcha.script !== null ? [...scripts, captcha.script] : scripts,
      headers: setCookie === null ? {} : { 'set-cookie': setCookie },
      children: (
        <>
          {before}
          <form class="form" method="post" action={config.BASE_PATH + action} {...marks}>
            {otherRefusals(visit, refused, captcha.field)}
            <input type="hidden" name={FORM_TOKEN_FIELD} value={token} />
            {children}
            {widget}
            {hasCaptcha && captcha.script !== null ? <noscript>{t('captcha.scripts')}</noscript> : null}
            <button type="submit" class="primary">
              {t(button)}
            </button>
          </form>
          {after}
        </>
      ),
    })
  }

/** What a form is shown again with; every other refusal has a page of its own. */
export const refusedFields = (error: unknown): FieldMessages => {
  if (error instanceof AppError && error.code === 'invalid') return error.fields
  throw error
}
