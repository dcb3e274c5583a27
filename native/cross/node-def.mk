# What the addon imports from node.exe.
$(OUT)/node.def: native/cross/uv.def $(API)/def/node_api.def $(API)/def/js_native_api.def
	@mkdir -p $(@D)
	{ printf 'NAME NODE.EXE\nEXPORTS\n'; tail -qn +3 $(API)/def/node_api.def $(API)/def/js_native_api.def; cat $<; } >$@
