import type { ComponentProps, VNode } from 'preact'
import type { FieldMessages } from '../errors.ts'
import type { MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import * as kit from './components/fields.tsx'
import { KitContext } from './kit.tsx'
import { kitOf, texts } from './layout.tsx'
import { typedCode as typed } from './typed-code.ts'

// Fields for pages that have not been brought to the kit yet: they hand over whom they are for.

export { NOTHING_REFUSED } from './kit.tsx'

export const { textOf, CODE_SCRIPTS } = kit

const inKit = (visit: Visit, refused: FieldMessages, children: VNode): VNode => (
  <KitContext.Provider value={kitOf(visit, '', refused)}>{children}</KitContext.Provider>
)

type TextField = Omit<ComponentProps<typeof kit.TextField>, 'label'> & { readonly label: MessageId }

export const textField = (visit: Visit, refused: FieldMessages, { label, ...field }: TextField): VNode =>
  inKit(visit, refused, <kit.TextField label={texts(visit)(label)} {...field} />)

export const newPasswordFields = (
  visit: Visit,
  refused: FieldMessages,
  minlength: number,
  label: MessageId = 'password.new',
): VNode => inKit(visit, refused, <kit.NewPasswordFields least={minlength} label={texts(visit)(label)} />)

export const currentPasswordField = (visit: Visit, refused: FieldMessages): VNode =>
  inKit(visit, refused, <kit.CurrentPasswordField />)

export const codeField = (visit: Visit, refused: FieldMessages, digits: number): VNode =>
  inKit(visit, refused, <kit.CodeField digits={digits} />)

/** Where it was sent, in a sentence of the page, and how long it is good for; null: until it is used. */
export const sentCode = (visit: Visit, sent: string, lifetimeMinutes: number | null): VNode => (
  <p>
    {sent} {lifetimeMinutes === null ? null : texts(visit)('recovery.lifetime', { count: lifetimeMinutes })}
  </p>
)

export const typedCode = ({ input }: Visit, digits: number): string => typed(input, digits)

export const otherRefusals = (visit: Visit, refused: FieldMessages, name: string): VNode =>
  inKit(visit, refused, <kit.OtherRefusals name={name} />)
