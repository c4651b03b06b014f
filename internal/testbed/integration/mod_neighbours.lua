-- Tells where other servers are, whose names nobody looks up: a table
-- neighbours from names to ports of this machine. Nobody else can be reached.

module:set_global();

local service = require "net.resolvers.service";
local manual = require "net.resolvers.manual";

local neighbours = module:get_option("neighbours", {});
local original = service.new;

function service.new(name, kind, ...)
	if kind == "xmpps-server" or not neighbours[name] then
		return manual.new({}, "tcp");
	end
	return manual.new({ { "tcp", "127.0.0.1", neighbours[name] } }, "tcp");
end

function module.unload()
	service.new = original;
end
