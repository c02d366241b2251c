export { openDatabase, type Database, type DatabaseOptions } from './database.js'
export { applyMigrations } from './migrate.js'
export { sqlState, transaction, type Fence, type Transaction } from './transaction.js'
