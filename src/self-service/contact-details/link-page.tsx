import type { MessageId } from '../../messages/messages.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'

interface Question {
  readonly path: '/email/confirm' | '/email/undo'
  readonly link: string
  readonly title: MessageId
  readonly why: MessageId
  readonly email: string
}

/** What the link of a mail would do, and the button that does it. */
export const linkPage = ({ t }: Kit, { path, link, title, why, email }: Question): FormPage => ({
  title: t(title),
  lede: t(why, { email }),
  to: path,
  button: t(title),
  address: `${path}/${link}`,
  children: <Hidden name="link" value={link} />,
})
