import { createHash } from 'node:crypto'
import { closeSync, constants, fsyncSync, lstatSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'

const CHUNK_BYTES = 1_048_576

/** A name leads elsewhere, or to what is no file: nothing is read or written there. */
export class NoPlainFile extends Error {
  override readonly name = 'NoPlainFile'
  /** What the name leads to instead of a file. */
  readonly reason: string
  constructor(path: string, reason: string) {
    super(`${path} cannot be copied: ${reason}.`)
    this.reason = reason
  }
}

/** The first part of `folder/name` below `folder` that is a symbolic link; null: none is. What is not there is none. */
export const linkWithin = (folder: string, name: string): string | null => {
  let path = folder
  for (const part of name.split('/')) {
    path = join(path, part)
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) return path
  }
  return null
}

/** Neither a copy nor `VACUUM INTO` waits for the disk. */
export const flush = (path: string): void => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Opens a file that is one; a pipe or device is neither waited for nor read. */
const openPlain = async (path: string): Promise<FileHandle> => {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? new NoPlainFile(path, 'it is a link') : error
  })
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new NoPlainFile(path, 'it is not a file')
}

/** Reads all of it, handing each piece on. Resolves to its SHA-256 in hex. */
const readThrough = async (source: FileHandle, onPiece: (piece: Buffer) => Promise<void> | void): Promise<string> => {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES, null)
    if (bytesRead === 0) return hash.digest('hex')
    const piece = buffer.subarray(0, bytesRead)
    hash.update(piece)
    await onPiece(piece)
  }
}

/** Hears of bytes that were read. */
export type OnRead = (bytes: number) => void

/** SHA-256 in hex of a file that is no link. */
export const hashOfFile = async (path: string, onRead: OnRead = () => {}): Promise<string> => {
  const source = await openPlain(path)
  try {
    return await readThrough(source, (piece) => onRead(piece.length))
  } finally {
    await source.close()
  }
}

export interface NewFile {
  readonly mode: number
  /** Whose it becomes; only root may give files away. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly onRead?: OnRead
}

/**
 * Copies a file that is no link to a path where nothing is, with that mode from its first byte on, and waits for the
 * disk. Resolves to the SHA-256 of what was copied, in hex.
 */
export const copyPlain = async (from: string, to: string, { mode, owner, onRead }: NewFile): Promise<string> => {
  const source = await openPlain(from)
  try {
    const target = await open(to, 'wx', 0o600)
    try {
      const hash = await readThrough(source, async (piece) => {
        for (let done = 0; done < piece.length; ) {
          const { bytesWritten } = await target.write(piece, done, piece.length - done)
          done += bytesWritten
        }
        onRead?.(piece.length)
      })
      if (owner !== undefined) await target.chown(owner.uid, owner.gid)
      await target.chmod(mode)
      await target.sync()
      return hash
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}
