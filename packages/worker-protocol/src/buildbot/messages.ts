import { z } from 'zod'

const Seq = z.number().int().nonnegative()
const CommandId = z.string().max(256)

/** The answer to one of our requests. That `is_exception` is there is what counts, not its value. */
export const Response = z.object({ op: z.literal('response'), seq_number: Seq, result: z.unknown(), is_exception: z.unknown().optional() })
export type Response = z.infer<typeof Response>

/** Whole lines: text, where its newlines are, and when each line began. Only the text is used: its newlines say it all. */
const Lines = z.tuple([z.string()], z.unknown())
export const Stream = z.enum(['stdout', 'stderr', 'header'])
export type Stream = z.infer<typeof Stream>

/** What an update says. Keys that we do not know are of a newer worker, and passed over. */
export const UpdateEntry = z.union([
  z.tuple([Stream, Lines]),
  z.tuple([z.literal('log'), z.tuple([z.string(), Lines])]),
  z.tuple([z.literal('rc'), z.number().int()]),
  z.tuple([z.literal('elapsed'), z.number()]),
  z.tuple([z.literal('failure_reason'), z.string()]),
  z.tuple([z.literal('stat'), z.array(z.number())]),
  z.tuple([z.literal('files'), z.array(z.string())]),
])
export type UpdateEntry = z.infer<typeof UpdateEntry>
/** By which an entry is known. */
export const UPDATE_KEYS: ReadonlySet<unknown> = new Set([...Stream.options, 'log', 'rc', 'elapsed', 'failure_reason', 'stat', 'files'])

export const Update = z.object({ op: z.literal('update'), seq_number: Seq, command_id: CommandId, args: z.array(z.tuple([z.string(), z.unknown()])) })

/** `args` is null, or what went wrong inside of the worker. */
export const Complete = z.object({ op: z.literal('complete'), seq_number: Seq, command_id: CommandId, args: z.string().nullish() })
export type Complete = z.infer<typeof Complete>

/** A piece of a file that is sent. */
export const UploadWrite = z.object({ op: z.literal('update_upload_file_write'), seq_number: Seq, command_id: CommandId, args: z.custom<Uint8Array>(value => value instanceof Uint8Array, 'must be bytes') })
/** The file is sent. */
export const UploadClose = z.object({ op: z.literal('update_upload_file_close'), seq_number: Seq, command_id: CommandId })

/** What else of files and folders that are sent or fetched is said: no step of ours asks for it. */
export const Other = z.object({ op: z.string(), seq_number: Seq })

/** The answer to `get_worker_info`: these, the files of the worker's `info` folder, and os_* of /etc/os-release. */
export const StockInfo = z.looseObject({
  basedir: z.string().min(1),
  system: z.string(),
  version: z.string(),
  numcpus: z.number().int().nonnegative(),
})
export type StockInfo = z.infer<typeof StockInfo>
