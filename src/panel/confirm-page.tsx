import type { ComponentChildren } from 'preact'
import type { FormPage } from './answers.tsx'
import type { IconName } from './components/icons.ts'
import { Checks } from './components/list.tsx'
import { Note } from './components/note.tsx'

type Same = 'title' | 'lede' | 'above' | 'to' | 'button' | 'cancel' | 'address'

interface Question extends Pick<FormPage, Same> {
  /** What it takes away, and what it leaves. */
  readonly goes?: readonly ComponentChildren[]
  readonly stays?: readonly ComponentChildren[]
  /** What could be done instead. */
  readonly note?: ComponentChildren
  readonly icon?: IconName
  /** Fields: hidden ones that say what it is about, a password, a name to be typed. */
  readonly children?: ComponentChildren
}

/** The question before something that cannot be undone. Its title is the question; its button says what happens. */
export const confirmPage = ({
  goes = [],
  stays = [],
  note,
  icon = 'trash',
  children,
  ...form
}: Question): FormPage => ({
  ...form,
  badge: { icon, tone: 'bad' },
  tone: 'danger solid',
  icon,
  children: (
    <>
      {goes.length + stays.length === 0 ? null : (
        <Checks
          items={[
            ...goes.map((what) => ({ outcome: 'goes' as const, what })),
            ...stays.map((what) => ({ outcome: 'stays' as const, what })),
          ]}
        />
      )}
      {note === undefined ? null : <Note>{note}</Note>}
      {children}
    </>
  ),
})
