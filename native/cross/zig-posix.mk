# Linking for Linux: the C++ runtime is inside, and nothing but the addon's two functions can be seen from outside, so
# that it does not mix with Node's own C++ runtime or another addon's.
$(OUT)/framepipe.node: $(OBJECTS) $(OUT)/sources native/cross/exports.map
	$(CXX) -shared -s -Wl,--version-script=native/cross/exports.map -Wl,-z,relro,-z,now -Wl,--gc-sections \
	  -Wl,-soname,framepipe.node -o $@ $(OBJECTS)
