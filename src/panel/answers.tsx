import type { ComponentChildren } from 'preact'
import type { Captcha } from '../captcha/kind.ts'
import type { Config } from '../config/config.ts'
import { AppError, type FieldMessages } from '../errors.ts'
import { LARGE_BODY_BYTES, membersOfFields, readMembers, skipBody } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import { type Fields, type FileForm, FORM_BYTES, receiveFile } from '../http/upload.ts'
import type { Members } from '../nouns/visit.ts'
import { boundaryOf, type Sink } from '../protocols/multipart.ts'
import { ButtonLink, Submit, type Tone } from './components/button.tsx'
import { OtherRefusals } from './components/fields.tsx'
import { Form } from './components/form.tsx'
import type { IconName } from './components/icons.ts'
import type { FormTokens } from './csrf.ts'
import { type Kit, NOTHING_REFUSED, type Translate, texts } from './kit.tsx'
import type { Page } from './page.tsx'
import { type Flash, redirect } from './redirect.ts'
import { respond } from './respond.ts'

/** A page that is one form. `children` are its fields. */
export interface FormPage extends Page {
  /** Where it is posted to, below the base path. */
  readonly to: string
  readonly button: string
  /** `primary` by default; `danger solid` where it cannot be undone. */
  readonly tone?: Tone
  readonly icon?: IconName
  /** The way back: what its button says, and where it leads. */
  readonly cancel?: readonly [label: string, to: string]
  /** What stands above and below the form and is not sent with it. */
  readonly before?: ComponentChildren
  readonly after?: ComponentChildren
  /** It brings a file. */
  readonly upload?: boolean
  /** What the answer to the captcha is good for; without it the form has none. */
  readonly captcha?: string
  /** Attributes by which scripts find it. */
  readonly marks?: Readonly<Record<`data-${string}`, boolean | string>>
}

/** What a page function is handed, or how to find it out: only a page that is shown needs it. */
type Facts<F> = F | (() => F | Promise<F>)

interface Redirection {
  /** What is said once on the page that follows. */
  readonly flash?: Flash
  readonly cookies?: readonly string[]
}

/** What a handler answers with. The macros of `pages.ts` hand it to every page route. */
export type Answers = {
  /**
   * Takes a form with a file while it arrives; its fields are `fields` for `begin` and `input` from then on. Resolves to
   * whether there was a file; a form that is no multipart one has none. Where it refuses, the rest is let pass first.
   */
  upload(most: number, begin: (name: string, fields: Fields) => Sink, form?: FileForm): Promise<boolean>
  readonly t: Translate
  readonly href: Kit['href']
  /** What was sent: the form's fields, or the query. */
  readonly input: Members
  /** Sends the browser to another page of ours; `path` is below the base path. */
  go(path: string, more?: Redirection): Response
  show(page: (kit: Kit) => Page): Response
  show<F>(page: (kit: Kit, facts: F) => Page, facts: F): Response
  /**
   * Shows a form. With `submit`, does what was asked for: its answer is the reply, and where it refuses a field
   * (`invalid`), the form is shown again with what was typed and with what was wrong. Every other refusal is a page of its own.
   */
  form(page: (kit: Kit) => FormPage): Promise<Response>
  form<F>(
    page: (kit: Kit, facts: F) => FormPage,
    facts: Facts<F>,
    submit?: () => Response | Promise<Response>,
  ): Promise<Response>
}

export interface AnswerDeps {
  readonly config: Pick<Config, 'BASE_PATH' | 'PHONE_APP_NAME' | 'MAIL_APP_DOWNLOAD_URL'>
  readonly formTokens: FormTokens
  readonly captcha: Captcha
}

/** A part of the page asks: it is the whole browser that has to go. */
const isPartial = (request: Request): boolean => request.headers.get('hx-request') === 'true'

const resolved = <F,>(facts: Facts<F>): F | Promise<F> =>
  typeof facts === 'function' ? (facts as () => F | Promise<F>)() : facts

/** What a form is shown again with; every other refusal has a page of its own. */
const refusedFields = (error: unknown): FieldMessages => {
  if (error instanceof AppError && error.code === 'invalid') return error.fields
  throw error
}

export const answers = ({ config, formTokens, captcha }: AnswerDeps) => {
  const basePath = config.BASE_PATH
  const app = { name: config.PHONE_APP_NAME, download: config.MAIL_APP_DOWNLOAD_URL }

  const formIn = async ({ t, isSignedIn }: Kit, page: FormPage): Promise<Page> => {
    const { to, button, tone = 'primary', icon, cancel, before, after, upload = false, marks, children, ...rest } = page
    const { captcha: subject, scripts = [], ...around } = rest
    const widget = subject === undefined ? null : await captcha.widget(subject)
    const script = subject === undefined ? null : captcha.script
    return {
      address: null,
      ...around,
      foreign: subject === undefined ? [] : captcha.foreign,
      scripts: script === null ? scripts : [...scripts, script],
      children: (
        <>
          {before}
          <Form to={to} upload={upload} marks={marks}>
            <OtherRefusals name={captcha.field} />
            {children}
            {widget}
            {script === null ? null : <noscript>{t('captcha.scripts')}</noscript>}
            <div class={isSignedIn ? 'form-end' : 'stack tight'}>
              <Submit tone={tone} icon={icon} size={isSignedIn ? undefined : 'wide'}>
                {button}
              </Submit>
              {cancel === undefined ? null : (
                <ButtonLink to={cancel[1]} size={isSignedIn ? undefined : 'wide'}>
                  {cancel[0]}
                </ButtonLink>
              )}
            </div>
          </Form>
          {after}
        </>
      ),
    }
  }

  return (request: Request, exchange: Exchange): Answers => {
    let issued: ReturnType<FormTokens['issue']> | null = null
    const t: Translate = (id, values) => texts(exchange)(id, values)
    const href = (path: string) => basePath + path

    const kitWith = (refused: FieldMessages): Kit => ({
      t,
      href,
      language: exchange.language,
      space: exchange.space,
      userAgent: exchange.userAgent,
      address: exchange.address,
      home: exchange.baseUrl() + basePath,
      app,
      input: exchange.input,
      isSignedIn: exchange.session?.kind === 'panel',
      refused,
      formToken: () => {
        issued ??= formTokens.issue(request, exchange)
        return issued.token
      },
    })

    const reply = (kit: Kit, page: Page): Response => {
      const response = respond(exchange, page.signedOut === true ? { ...kit, isSignedIn: false } : kit, page)
      const cookie = issued?.setCookie ?? null
      if (cookie !== null) response.headers.append('set-cookie', cookie)
      return response
    }

    const showForm = async <F,>(
      page: (kit: Kit, facts: F) => FormPage,
      facts: Facts<F>,
      refused: FieldMessages,
    ): Promise<Response> => {
      const kit = kitWith(refused)
      const shown = await formIn(kit, page(kit, await resolved(facts)))
      return reply(kit, refused.size > 0 ? { ...shown, status: 422 } : shown)
    }

    return {
      upload: async (most, begin, form) => {
        const fields = new Map<string, string>()
        const check = () => {
          exchange.input = membersOfFields(fields)
          formTokens.check(request, exchange)
        }
        if (boundaryOf(request.headers.get('content-type') ?? '') === null) {
          exchange.input = await readMembers(request, LARGE_BODY_BYTES)
          formTokens.check(request, exchange)
          return false
        }
        try {
          const received = await receiveFile(
            request,
            most + FORM_BYTES,
            (name) => {
              check()
              return begin(name, fields)
            },
            fields,
            form,
          )
          check()
          return received
        } catch (error) {
          await skipBody(request, most + FORM_BYTES)
          // With what stood behind the file, too: the form is shown again with what was typed.
          exchange.input = membersOfFields(fields)
          throw error
        }
      },
      t,
      href,
      input: exchange.input,
      go: (path, more = {}) => {
        const away = redirect(exchange, basePath, path, more)
        if (!isPartial(request)) return away
        away.headers.set('hx-redirect', basePath + path)
        away.headers.delete('location')
        return new Response(null, { status: 204, headers: away.headers })
      },
      show: <F,>(page: (kit: Kit, facts: F) => Page, facts?: F) => {
        const kit = kitWith(NOTHING_REFUSED)
        return reply(kit, page(kit, facts as F))
      },
      form: async <F,>(
        page: (kit: Kit, facts: F) => FormPage,
        facts?: Facts<F>,
        submit?: () => Response | Promise<Response>,
      ): Promise<Response> => {
        if (submit === undefined) return showForm(page, facts as Facts<F>, NOTHING_REFUSED)
        try {
          return await submit()
        } catch (error) {
          return showForm(page, facts as Facts<F>, refusedFields(error))
        }
      },
    }
  }
}

export type MakeAnswers = ReturnType<typeof answers>
