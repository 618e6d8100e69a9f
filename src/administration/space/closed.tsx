import type { VNode } from 'preact'
import type { Space } from '../../nouns/space.ts'
import { Action } from '../../panel/components/form.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { useKit } from '../../panel/kit.tsx'
import { type Administering, spacePath } from './head.tsx'

/** Its deletion is set. */
export const isClosed = ({ purgeAt }: Space): boolean => purgeAt !== null

/** Keeps a Space that was to be deleted, without a question. */
const Undo = ({ of: { space, at } }: { of: Pick<Administering, 'space' | 'at'> }): VNode | null => {
  const { t } = useKit()
  return space.purgeAt === null || space.purgeBegunAt !== null ? null : (
    <Action to={spacePath(at, '/reopen')} size="small" about={space.name}>
      {t('space_delete.undo')}
    </Action>
  )
}

/** When a Space goes, where its deletion is set. */
export const ClosedNote = ({ of }: { of: Administering }): VNode | null => {
  const { t } = useKit()
  const { space } = of
  if (space.purgeAt === null) return null
  return space.purgeBegunAt === null ? (
    <Note tone="bad" actions={<Undo of={of} />}>
      {t('spaces.closed')} <Moment at={space.purgeAt} />.
    </Note>
  ) : (
    <Note tone="bad">{t('space.going')}</Note>
  )
}

/** The same for a cell of a table. */
export const ClosedCell = ({ of }: { of: Pick<Administering, 'space' | 'at'> }): VNode | null => {
  const { t } = useKit()
  const { purgeAt, purgeBegunAt } = of.space
  return purgeAt === null ? null : (
    <div class="stack tight ending">
      {purgeBegunAt === null ? (
        <span>
          {t('spaces.deleted_on')} <Moment at={purgeAt} />
        </span>
      ) : (
        t('spaces.going')
      )}
      <Undo of={of} />
    </div>
  )
}
