package precheck

// checks in the order of the report.
var checks = []Check{
	connect,
	version,
	unsupportedNow,
	sourcePrivileges,
	targetPrivileges,
	binlogEnabled,
	binlogFormat,
	binlogRowImage,
	binlogRowValueOptions,
	binlogFilters,
	binlogRetention,
	gtidMode,
	serverID,
	replicaSource,
	xaPrepared,
	lowerCaseTableNames,
	targetConflicts,
	primaryKeys,
	maxAllowedPacket,
	ledgerOwner,
}
