import type { ComponentChildren, VNode } from 'preact'
import { VERSION_FIELD, versionOf } from '../../http/version.ts'
import { FORM_TOKEN_FIELD } from '../csrf.ts'
import { useKit } from '../kit.tsx'
import { type Look, Submit } from './button.tsx'
import { Note } from './note.tsx'

interface FormProps {
  /** Where it is posted to, below the base path. */
  readonly to: string
  /** It brings a file. */
  readonly upload?: boolean
  readonly class?: string
  /** Attributes by which scripts find it. */
  readonly marks?: Readonly<Record<`data-${string}`, boolean | string>> | undefined
  readonly children: ComponentChildren
}

/** A form with the token that its route asks for; its fields and buttons are its children. */
export const Form = ({ to, upload = false, class: name = 'form', marks, children }: FormProps): VNode => {
  const { href, formToken } = useKit()
  return (
    <form
      method="post"
      action={href(to)}
      enctype={upload ? 'multipart/form-data' : undefined}
      class={name}
      {...(marks ?? {})}
    >
      <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken()} />
      {children}
    </form>
  )
}

/** What a form sends along and nobody sees. */
export const Hidden = ({ name, value }: { name: string; value: string | number }): VNode => (
  <input type="hidden" name={name} value={value} />
)

interface VersionProps {
  /** What the form shows, as it is stored now. `refuseStale` is handed the same. */
  readonly of: unknown
  /** Where it can be looked at as it is now, in a window of its own. */
  readonly to: string
}

/**
 * What the form was made from. Where somebody else has saved something meanwhile, it says so above what was typed, and
 * the next attempt is made from what is there now.
 */
export const Version = ({ of, to }: VersionProps): VNode => {
  const { t, href, refused } = useKit()
  return (
    <>
      <Hidden name={VERSION_FIELD} value={versionOf(of)} />
      {refused.has(VERSION_FIELD) ? (
        <Note
          tone="warn"
          role="alert"
          actions={
            <a class="button small" href={href(to)} target="_blank" rel="noreferrer">
              {t('panel.stale_look')}
            </a>
          }
        >
          {t('panel.stale')}
        </Note>
      ) : null}
    </>
  )
}

interface ActionProps extends Look {
  readonly to: string
  /** What is sent with it. */
  readonly fields?: Readonly<Record<string, string | number>>
  readonly children: ComponentChildren
}

/** One button that does something, without a question. */
export const Action = ({ to, fields = {}, children, ...look }: ActionProps): VNode => (
  <Form to={to} class="action">
    {Object.entries(fields).map(([name, value]) => (
      <Hidden name={name} value={value} />
    ))}
    <Submit {...look}>{children}</Submit>
  </Form>
)
