// Package mysql connects to MySQL and MariaDB servers: sessions with every
// setting pinned that the data path depends on, what a server is (flavour,
// version, identity), quoting, and what class an error belongs to.
package mysql
